namespace OciImage.Registry;

/// <summary>What a registry wants its users to read (the <c>Warning</c> header; distribution-spec 1.1.1, "Warnings").</summary>
/// <param name="Registry">The host that said it.</param>
/// <param name="Text">What it said: at most a few hundred characters, none of them a control character. It is the registry's word.</param>
public sealed record RegistryWarning(string Registry, string Text);
