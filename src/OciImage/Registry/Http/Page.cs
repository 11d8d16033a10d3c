namespace OciImage.Registry.Http;

/// <summary>One page of a list.</summary>
/// <param name="Address">The address it was asked at.</param>
/// <param name="MediaType">The media type it came with, or <see langword="null"/>.</param>
/// <param name="Body">Its bytes.</param>
internal sealed record Page(Uri Address, string? MediaType, byte[] Body);
