namespace OciImage.Content;

/// <summary>Finds the descriptor behind a tag or a digest.</summary>
public interface IReferenceResolver
{
    /// <summary>Resolves a reference within this place.</summary>
    /// <param name="reference">A tag, or a digest as text.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The descriptor.</returns>
    /// <exception cref="ContentNotFoundException">There is no such reference here.</exception>
    ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default);
}
