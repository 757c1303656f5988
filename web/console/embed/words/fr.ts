export default {
  over: 'Cette vue est terminée. La page qui l’entoure doit la redemander.',
  otherPortal: 'Cette vue a été demandée pour autre chose que ce qu’elle montre.',
}
