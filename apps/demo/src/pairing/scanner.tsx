// Reads a QR code with the browser's own detector, where it has one. Without a camera, or without leave to use it, the code is pasted
// or typed instead.
import { useEffect, useRef, useState } from 'react'
import { Button } from '../ui/button'
import { Notice } from '../ui/notice'

interface DetectedCode {
  readonly rawValue: string
}
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly DetectedCode[]>
}
/** Not in TypeScript's library: browsers disagree about it. */
type DetectorClass = new (options: { readonly formats: readonly string[] }) => Detector

/** Often enough to feel immediate, seldom enough to leave a phone cool. */
const LOOK_MS = 250

const detectorClass = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector

/** Whether this browser can scan at all. */
export const canScan = detectorClass !== undefined && navigator.mediaDevices !== undefined

interface ScannerProps {
  readonly onFound: (text: string) => void
  readonly onStop: () => void
}

export function Scanner({ onFound, onStop }: ScannerProps) {
  const video = useRef<HTMLVideoElement>(null)
  const [failure, setFailure] = useState<string>()
  const found = useRef(onFound)
  found.current = onFound
  useEffect(() => {
    let isOver = false
    let stream: MediaStream | undefined
    const end = () => {
      isOver = true
      for (const track of stream?.getTracks() ?? []) track.stop()
    }
    const look = async (detector: Detector, screen: HTMLVideoElement) => {
      while (!isOver) {
        // A frame that is not there yet is no reason to stop looking.
        const [result] = await Promise.allSettled([detector.detect(screen)])
        const text = result.status === 'fulfilled' ? result.value[0]?.rawValue : undefined
        if (isOver) return
        if (text !== undefined) {
          end()
          return found.current(text)
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    }
    const start = async () => {
      if (detectorClass === undefined) return
      const detector = new detectorClass({ formats: ['qr_code'] })
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
      const screen = video.current
      if (isOver || screen === null) return end()
      screen.srcObject = stream
      await screen.play()
      await look(detector, screen)
    }
    start().catch((reason: unknown) => {
      const isRefused = reason instanceof DOMException && reason.name === 'NotAllowedError'
      if (!isOver) setFailure(isRefused ? 'This page may not use the camera.' : 'The camera cannot be used.')
      end()
    })
    return end
  }, [])
  if (failure !== undefined) {
    return (
      <Notice tone="warn" role="alert" title={failure} className="mt-3">
        Type the short code that the new device shows, or paste its text.
      </Notice>
    )
  }
  return (
    <div className="mt-3">
      <video ref={video} muted playsInline aria-label="What the camera sees" className="w-full rounded-lg bg-sunken" />
      <Button className="mt-2 w-full" onClick={onStop}>
        Stop the camera
      </Button>
    </div>
  )
}
