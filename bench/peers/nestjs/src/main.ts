// The job of the benchmark, done with a NestJS gateway and Prisma as in the story that Atalaya comes from:
// the row is written in `handleConnection`, which Nest calls after CONNECT has been sent.

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(Number(process.env.PORT), '127.0.0.1');
