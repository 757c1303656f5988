import type { HeadersOptions, ParamsOption, ParseAs, ParseAsResponse, RequestBodyOption } from 'openapi-fetch'
import type {
  FilterKeys,
  MediaType,
  PathsWithMethod,
  Readable,
  RequiredKeysOf,
  ResponseObjectMap,
  SuccessResponse,
} from 'openapi-typescript-helpers'
import type { components, paths } from './schema.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The schemas of the API by name: `Schemas['Tenant']`. */
export type Schemas = components['schemas']

/** What a call answers with. `response` has the status and the headers; its body was read. */
export interface Answer<Data> {
  data: Data
  response: Response
}

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Operation = Record<string | number, unknown>

/** What a call may say: parameters and body as its route wants them, and what fetch takes, such as `signal`. */
type Init<Route, Read extends ParseAs, Given> = ParamsOption<Route> &
  RequestBodyOption<Route> &
  Omit<RequestInit, 'body' | 'headers' | 'method'> & {
    /** How the answer is read. Everything but JSON has to be asked for. */
    parseAs?: Read
    headers?: Given
  }

type Arguments<Options> = RequiredKeysOf<Options> extends never ? [init?: Options] : [init: Options]

/** The body of a good answer. A 304 has none, and only a request with If-None-Match can get it. */
type DataOf<Route extends Operation, Read extends ParseAs, Given> =
  | ParseAsResponse<Readable<SuccessResponse<ResponseObjectMap<Route>, MediaType>>, { parseAs: Read }>
  | (Given extends { 'if-none-match': unknown } ? undefined : never)

/** One method of the client: its paths, what each takes, and what each answers. */
export type Call<Method extends Verb> = <
  Path extends PathsWithMethod<paths, Method>,
  Read extends ParseAs = 'json',
  Given extends HeadersOptions = Record<never, string>,
>(
  path: Path,
  ...init: Arguments<Init<FilterKeys<paths[Path], Method>, Read, Given>>
) => Promise<Answer<DataOf<FilterKeys<paths[Path], Method> & Operation, Read, Given>>>

type BodyOf<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } }
}
  ? Body
  : never

/** The paths that answer page by page. */
export type ListPath = {
  [Path in keyof paths]: BodyOf<Path> extends { next_cursor: string | null } ? Path : never
}[keyof paths]

type ItemIn<Body> = {
  [Key in keyof Body]: Body[Key] extends readonly (infer Item)[] ? Item : never
}[keyof Body]

/** One item of a list. */
export type Item<Path extends ListPath> = ItemIn<BodyOf<Path>>

export interface TenantryClient {
  GET: Call<'get'>
  POST: Call<'post'>
  PUT: Call<'put'>
  PATCH: Call<'patch'>
  DELETE: Call<'delete'>
  /** Every item of a list, over all of its pages: `for await (const item of client.list(path))`. */
  list<Path extends ListPath>(
    path: Path,
    ...init: Arguments<Init<FilterKeys<paths[Path], 'get'>, 'json', HeadersOptions>>
  ): AsyncGenerator<Item<Path>, void, undefined>
}
