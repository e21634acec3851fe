import { Logger } from '@nestjs/common';
import {
  OnGatewayConnection,
  OnGatewayDisconnect,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import type { Namespace, Socket } from 'socket.io';
import { PrismaService } from './prisma.service.js';
import { userOf } from './token.js';

@WebSocketGateway({ namespace: '/notifications', serveClient: false })
export class NotificationsGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly sockets!: Namespace;
  private readonly log = new Logger(NotificationsGateway.name);

  constructor(private readonly prisma: PrismaService) {}

  async handleConnection(client: Socket) {
    try {
      await this.admit(client);
    } catch (error) {
      this.log.error('a connection was not recorded', error);
      client.disconnect(true);
    }
  }

  async handleDisconnect(client: Socket) {
    // Without an id its row is not written yet: `admit` looks once more when it is.
    if (client.data.sessionId) await this.close(client.data.sessionId);
  }

  private async admit(client: Socket) {
    const { auth, address, headers } = client.handshake;
    const id = userOf(auth.token);
    const user = id && (await this.prisma.user.findUnique({ where: { id }, select: { disabled: true } }));
    if (!user || user.disabled) return client.disconnect(true);
    client.join(`user:${id}`);
    const session = await this.prisma.userSession.create({
      data: { userId: id, socketId: client.id, ipAddress: address, userAgent: headers['user-agent'] },
      select: { id: true },
    });
    // Its first HTTP request is not needed any more (socket.io/docs/v4/performance-tuning).
    Object.assign(client.conn, { request: null });
    client.data.sessionId = session.id;
    if (!client.connected) await this.close(session.id);
  }

  private async close(id: bigint) {
    try {
      await this.prisma.userSession.updateMany({
        where: { id, isActive: true },
        data: { isActive: false, disconnectedAt: new Date() },
      });
    } catch (error) {
      this.log.error('a row was not closed', error);
    }
  }
}
