import { useEffect, useState } from 'react'

/** Whether this browser may have passkeys that derive a secret. Where it does not tell, trying does. */
export function usePasskeySupport(): boolean {
  const [isThere, setIsThere] = useState(false)
  useEffect(() => {
    let isShown = true
    void askBrowser().then((answer) => isShown && setIsThere(answer))
    return () => {
      isShown = false
    }
  }, [])
  return isThere
}

async function askBrowser(): Promise<boolean> {
  if (typeof PublicKeyCredential === 'undefined') return false
  if (!('getClientCapabilities' in PublicKeyCredential)) return true
  const capabilities = await PublicKeyCredential.getClientCapabilities().catch(() => undefined)
  return capabilities?.['extension:prf'] !== false
}
