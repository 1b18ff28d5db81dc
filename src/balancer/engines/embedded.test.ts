import { engineCompliance } from '../engine.compliance.ts';
import { EmbeddedEngine } from './embedded.ts';

engineCompliance('embedded', (context) => new EmbeddedEngine(context), {
  concurrency: 4,
  cut: 'ECONNRESET',
});
