import { Module } from '@nestjs/common';
import { NotificationsController } from './notifications.controller.js';
import { NotificationsGateway } from './notifications.gateway.js';
import { PrismaService } from './prisma.service.js';
import { TokenGuard } from './token.guard.js';

@Module({
  controllers: [NotificationsController],
  providers: [NotificationsGateway, PrismaService, TokenGuard],
})
export class AppModule {}
