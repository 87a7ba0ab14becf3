import { engineFiles } from '../files'
import type { Engine } from './engine'

export const ours: Engine = { name: 'owlivion', ...engineFiles.owlivion }

export const floor: Engine = { name: 'floor', ...engineFiles.floor }
