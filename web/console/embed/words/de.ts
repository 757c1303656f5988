export default {
  over: 'Diese Ansicht ist abgelaufen. Die Seite, in der sie steht, muss sie neu anfordern.',
  otherPortal: 'Für diese Ansicht wurde etwas anderes angefordert, als sie zeigt.',
}
