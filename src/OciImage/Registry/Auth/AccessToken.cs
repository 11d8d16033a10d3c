namespace OciImage.Registry.Auth;

/// <summary>An access token, the time it ends, and the credential that bought it.</summary>
internal sealed record AccessToken(string Value, DateTimeOffset ExpiresAt, RegistryCredential? Credential);
