using System.Security.Cryptography.X509Certificates;

namespace OciImage.TestKit.Registry;

/// <summary>Says what a <see cref="TokenServer"/> does.</summary>
public sealed record TokenServerOptions
{
    /// <summary>Gets the users.</summary>
    public IReadOnlyList<TokenUser> Users { get; init; } = [];

    /// <summary>Gets what is allowed to who gives no credential, or <see langword="null"/> to refuse him a token.</summary>
    public IReadOnlyList<string>? AnonymousScopes { get; init; }

    /// <summary>Gets how long tokens live. docker-registry lets them live 60 seconds longer, so it may be negative.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how long tokens are said to live, or <see langword="null"/> for the truth.</summary>
    public TimeSpan? StatedLifetime { get; init; }

    /// <summary>Gets whether OAuth2 is offered; otherwise a POST is answered with 405.</summary>
    public bool AllowsPost { get; init; } = true;

    /// <summary>Gets whether GET is offered; otherwise it is answered with 405.</summary>
    public bool AllowsGet { get; init; } = true;

    /// <summary>Gets the algorithm of signatures: <c>ES256</c> or <c>RS256</c>.</summary>
    public string Algorithm { get; init; } = "ES256";

    /// <summary>Gets the issuer that tokens name.</summary>
    public string Issuer { get; init; } = "OciImage test tokens";

    /// <summary>Gets the service that tokens are for; a request for another is refused.</summary>
    public string Service { get; init; } = "registry.test";

    /// <summary>Gets the certificate to serve https with, or <see langword="null"/> for http.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Gets the clock of the tokens.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
