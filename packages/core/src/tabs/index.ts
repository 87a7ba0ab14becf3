// One profile in several tabs of a browser: one of them leads, the others follow.
export { TabEngine } from './tab-engine'
