using OciImage.Registry.Http;

namespace OciImage.Registry.Auth;

/// <summary>What a token server is asked.</summary>
/// <param name="Host">The registry that named the server.</param>
/// <param name="Realm">The server.</param>
/// <param name="Service">The service, or an empty text.</param>
/// <param name="Scopes">The scopes, the newest demand first.</param>
/// <param name="Credential">The credential, or <see langword="null"/> to ask as anybody.</param>
/// <param name="Transcript">Where it is recorded.</param>
internal sealed record TokenQuestion(
    RegistryHost Host,
    Uri Realm,
    string Service,
    IReadOnlyList<string> Scopes,
    RegistryCredential? Credential,
    Transcript Transcript);
