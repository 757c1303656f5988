export { type Piece, parseTemplate, TemplateFault } from './parse.ts'
