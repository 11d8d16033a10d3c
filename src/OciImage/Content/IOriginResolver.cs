namespace OciImage.Content;

/// <summary>A store that answers some questions from copies of itself, and can be asked what it itself has.</summary>
internal interface IOriginResolver
{
    /// <summary>Resolves a tag where it would be written.</summary>
    ValueTask<Descriptor> ResolveAtOriginAsync(string reference, CancellationToken cancellationToken);
}
