// The part of Deno that the bare routes use. tsc reads them together with the rest of bench/.
declare const Deno: { serve(handler: (request: Request) => Response | Promise<Response>): unknown }
