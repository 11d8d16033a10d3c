namespace OciImage.Registry;

/// <summary>What a registry said of how much it may be asked (the <c>RateLimit-*</c> headers of some registries).</summary>
/// <param name="Limit">How many pulls are allowed in a window, or <see langword="null"/> where it did not say.</param>
/// <param name="Remaining">How many are left, or <see langword="null"/> where it did not say.</param>
/// <param name="Window">The length of the window, or <see langword="null"/> where it did not say.</param>
/// <param name="Source">Whom it counts, such as an address, or <see langword="null"/> where it did not say.</param>
public sealed record RegistryRateLimit(long? Limit, long? Remaining, TimeSpan? Window, string? Source);
