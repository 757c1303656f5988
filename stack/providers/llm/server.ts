import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { findPort } from '../../processes/ports.ts'
import { type Asked, answerTo, tokensOf } from './answer.ts'
import { misbehave, modeOf } from './misbehaviour.ts'

export interface LlmServer {
  url: string
  /** What it was asked so far, for tests. The stack's own keeps nothing. */
  asked: { path: string; key: string | null; body: string }[]
  stop(): Promise<void>
}

/**
 * Starts a server in the shape of a language model's: OpenAI's chat completions at /v1/chat/completions, Anthropic's messages
 * at /v1/messages. Nothing is learned there, and nothing leaves the machine.
 */
export async function startLlmServer(preferredPort?: number, { keeps = false } = {}): Promise<LlmServer> {
  const port = await findPort(preferredPort)
  const asked: LlmServer['asked'] = []
  const server = createServer((request, response) => {
    respond(request, response, keeps ? asked : null).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  asked: LlmServer['asked'] | null,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks).toString()
  const speak = request.method === 'POST' ? formats[request.url ?? ''] : undefined
  const answer = (status: number, value: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (!speak) return void answer(404, { error: { message: 'There is nothing here.' } })
  const bearer = request.headers.authorization?.replace(/^Bearer /, '')
  asked?.push({
    path: request.url ?? '',
    key: bearer ?? (String(request.headers['x-api-key'] ?? '') || null),
    body,
  })
  let question: Asked
  try {
    question = speak.read(JSON.parse(body))
  } catch {
    return void answer(400, { error: { message: 'This is none of the requests that are answered.' } })
  }
  const mode = modeOf(question.model)
  if (mode) return misbehave(mode, response)
  const text = question.model === 'decline' ? '' : answerTo(question)
  answer(200, speak.write(question, text, tokensOf(body)))
}

// biome-ignore lint/suspicious/noExplicitAny: what was sent is read here for the first time, and whatever is wrong with it throws.
type Sent = any

interface Format {
  read(sent: Sent): Asked
  write(asked: Asked, text: string, inputTokens: number): object
}

const textOf = (content: Sent): string =>
  typeof content === 'string' ? content : content.map((part: Sent) => part.text).join('')

const formats: Record<string, Format> = {
  '/v1/chat/completions': {
    read: (sent) => ({
      model: sent.model.toString(),
      system: sent.messages.flatMap((m: Sent) => (m.role === 'system' ? [textOf(m.content)] : [])).join('\n'),
      turns: sent.messages.flatMap((m: Sent) =>
        m.role === 'system' ? [] : [{ role: m.role, content: textOf(m.content) }],
      ),
      maxTokens: sent.max_tokens ?? sent.max_completion_tokens,
      schema: sent.response_format?.json_schema?.schema ?? null,
    }),
    write({ model }, text, inputTokens) {
      const isDeclined = model === 'decline'
      return {
        id: 'chatcmpl-local',
        object: 'chat.completion',
        model,
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: text,
              refusal: isDeclined ? 'I cannot help with that.' : null,
            },
            finish_reason: 'stop',
          },
        ],
        ...(model !== 'no-usage' && {
          usage: {
            prompt_tokens: inputTokens,
            completion_tokens: tokensOf(text),
            total_tokens: inputTokens + tokensOf(text),
          },
        }),
      }
    },
  },
  '/v1/messages': {
    read: (sent) => ({
      model: sent.model.toString(),
      system: sent.system ?? '',
      turns: sent.messages.map((m: Sent) => ({ role: m.role, content: textOf(m.content) })),
      maxTokens: sent.max_tokens,
      schema: sent.tools?.[0]?.input_schema ?? null,
    }),
    write({ model, schema }, text, inputTokens) {
      const input = schema ? parsed(text) : undefined
      return {
        id: 'msg_local',
        type: 'message',
        role: 'assistant',
        model,
        content:
          input !== undefined
            ? [{ type: 'tool_use', id: 'toolu_local', name: 'answer', input }]
            : [{ type: 'text', text }],
        stop_reason: model === 'decline' ? 'refusal' : input !== undefined ? 'tool_use' : 'end_turn',
        ...(model !== 'no-usage' && {
          usage: { input_tokens: inputTokens, output_tokens: tokensOf(text), cache_read_input_tokens: 0 },
        }),
      }
    },
  },
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
