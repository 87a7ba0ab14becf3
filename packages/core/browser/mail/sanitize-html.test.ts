// What a browser makes of cleaned HTML: nothing runs, nothing is loaded from where it should not, and what is shown is what was cleaned.
import { sanitizeHtml } from '@owlivion/sync/html'
import { expect, it } from 'vitest'
import { hostileHtml } from '../../test/mail/html/hostile-html'

const world = globalThis as { wasRun?: boolean }

/** Shows HTML and waits until every image in it has loaded or failed: that is when a handler would run. */
async function show(html: string): Promise<HTMLElement> {
  const place = document.createElement('div')
  document.body.append(place)
  place.innerHTML = html
  const images = [...place.querySelectorAll('img')].filter((image) => !image.complete)
  await Promise.all(
    images.map(
      (image) =>
        new Promise((resolve) => {
          image.addEventListener('load', resolve)
          image.addEventListener('error', resolve)
        }),
    ),
  )
  return place
}

it('hostile HTML runs nothing once it is cleaned, and would have before', async () => {
  const images = hostileHtml.filter((html) => /^<img src=x onerror/.test(html))
  for (const html of images) await show(html)
  expect(world.wasRun).toBe(true)
  delete world.wasRun

  for (const html of hostileHtml) {
    const place = await show(sanitizeHtml(html, { remoteImages: false }))
    for (const element of place.querySelectorAll('*')) {
      expect(
        element.getAttributeNames().filter((name) => name.startsWith('on') || name === 'id' || name === 'class'),
      ).toEqual([])
      expect(element.namespaceURI).toBe('http://www.w3.org/1999/xhtml')
    }
    expect(
      place.querySelectorAll('script, style, iframe, object, embed, form, input, link, base, meta, svg, math'),
    ).toHaveLength(0)
    for (const link of place.querySelectorAll('a[href]')) expect((link as HTMLAnchorElement).protocol).toBe('https:')
    place.remove()
  }
  expect(world.wasRun).toBeUndefined()
})

it('a browser reads cleaned HTML as it was meant', () => {
  const place = document.createElement('div')
  for (const html of ['<p align="center"><b>Ann</b> &amp; Bob</p>', '<p style="color: red">x</p>']) {
    place.innerHTML = sanitizeHtml(html)
    expect(place.innerHTML).toBe(html)
  }
})
