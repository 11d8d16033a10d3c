namespace OciImage.Registry.Auth;

/// <summary>What a refresh token is for.</summary>
/// <param name="Realm">The token server.</param>
/// <param name="Service">The service it was asked for, or an empty text.</param>
/// <param name="Credential">The credential that bought it.</param>
internal sealed record RefreshKey(string Realm, string Service, RegistryCredential Credential);
