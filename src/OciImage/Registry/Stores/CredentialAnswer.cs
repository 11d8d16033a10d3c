namespace OciImage.Registry.Stores;

/// <summary>What one place said: a credential, or where was looked in vain.</summary>
/// <param name="Credential">The credential, or null.</param>
/// <param name="Looked">The places, for messages, or null where there is no such file.</param>
internal readonly record struct CredentialAnswer(RegistryCredential? Credential, string? Looked);
