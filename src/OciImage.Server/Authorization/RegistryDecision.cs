namespace OciImage.Server;

/// <summary>Decides about a request.</summary>
public enum RegistryDecision
{
    /// <summary>The request is refused whoever asks: 403.</summary>
    Deny,

    /// <summary>The request needs other credentials: 401, with a basic challenge.</summary>
    Challenge,

    /// <summary>The request goes on.</summary>
    Allow,
}
