import { CanActivate, ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { userOf } from './token.js';

/** Lets a request with a good bearer token through, and notes whose it is. */
@Injectable()
export class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    request.userId = userOf(request.headers.authorization?.replace(/^Bearer /, ''));
    if (!request.userId) throw new UnauthorizedException('token_invalid');
    return true;
  }
}
