import { createContext, useContext } from 'react'
import type { OpenPortal } from '../api/portal.ts'

/** What is open in a frame of somebody else's page, where a token of minutes stands for a person. Null in the console. */
export const PortalContext = createContext<OpenPortal | null>(null)

export const usePortal = (): OpenPortal | null => useContext(PortalContext)
