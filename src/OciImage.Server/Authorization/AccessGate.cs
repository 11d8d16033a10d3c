using Microsoft.AspNetCore.Http;
using OciImage.Server.Refusals;

namespace OciImage.Server.Authorization;

/// <summary>Lets requests pass that the options' callback allows.</summary>
internal sealed class AccessGate(RegistryServerOptions options)
{
    public async ValueTask CheckAsync(HttpContext context, RegistryAction action, string? repository)
    {
        switch (await DecideAsync(context, action, repository).ConfigureAwait(false))
        {
            case RegistryDecision.Allow:
                return;
            case RegistryDecision.Challenge:
                context.Response.Headers.WWWAuthenticate = $"Basic realm=\"{options.Realm}\", charset=\"UTF-8\"";
                throw Refusal.Unauthorized();
            default:
                throw Refusal.Denied(StatusCodes.Status403Forbidden, "Access is denied.");
        }
    }

    public async ValueTask<bool> IsAllowedAsync(HttpContext context, RegistryAction action, string repository) =>
        await DecideAsync(context, action, repository).ConfigureAwait(false) == RegistryDecision.Allow;

    private ValueTask<RegistryDecision> DecideAsync(HttpContext context, RegistryAction action, string? repository) =>
        options.Authorize is { } authorize
            ? authorize(new RegistryAccess(context, action, repository), context.RequestAborted)
            : new(RegistryDecision.Allow);
}
