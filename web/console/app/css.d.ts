/** Class names of a CSS module, by the names in its file. */
declare module '*.module.css' {
  const names: Record<string, string>
  export default names
}
declare module '*.css'
