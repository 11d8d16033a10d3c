namespace OciImage.TestKit.Registry;

/// <summary>What a <see cref="TokenServer"/> was asked.</summary>
/// <param name="Method">The request's method.</param>
/// <param name="GrantType">The OAuth2 grant, or <see langword="null"/> for a GET.</param>
/// <param name="User">Who asked, as claimed, or <see langword="null"/> for nobody.</param>
/// <param name="Service">The service that was named.</param>
/// <param name="Scopes">The scopes, in their order.</param>
/// <param name="StatusCode">The status that was answered.</param>
public sealed record TokenRequest(
    string Method, string? GrantType, string? User, string? Service, IReadOnlyList<string> Scopes, int StatusCode);
