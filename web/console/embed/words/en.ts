export default {
  over: 'What you see here has ended. The page around it has to ask for it again.',
  otherPortal: 'This view was asked for something else than it shows.',
}
