// A page that sends its reader somewhere sends them to something that is there: a file, and in it the heading.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { pages, project } from './pages'

/** The name by which a heading is reached, as code hosts make it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

function anchors(page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => anchorOf(match[1] as string))
}

/** Links inside this project; the code in a page is no text of it. */
function links(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] as string)
    .filter((link) => !/^[a-z]+:/.test(link))
}

test('every link inside the documentation leads to a file and a heading that are there', () => {
  const broken = pages.flatMap((page) =>
    links(page)
      .filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : join(dirname(page), path)
        return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor))
      })
      .map((link) => `${relative(project, page)}: ${link}`),
  )
  expect(broken).toEqual([])
})
