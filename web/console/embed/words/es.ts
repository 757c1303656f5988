export default {
  over: 'Esta vista ha terminado. La página que la rodea tiene que pedirla de nuevo.',
  otherPortal: 'Esta vista se pidió para otra cosa que la que muestra.',
}
