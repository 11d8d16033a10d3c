using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <content>The labels of images and of content, which belong to the namespace.</content>
public sealed partial class ContainerdStore
{
    /// <summary>Gets the labels of an image.</summary>
    /// <param name="reference">The name or tag.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The labels.</returns>
    /// <exception cref="ContentNotFoundException">There is no such image here.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetImageLabelsAsync(
        string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        Image image = await _images.FindAsync(reference, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        return new Dictionary<string, string>(image.Labels, StringComparer.Ordinal);
    }

    /// <summary>Sets labels of an image and leaves its other labels as they are.</summary>
    /// <param name="reference">The name or tag.</param>
    /// <param name="changes">The labels; <see langword="null"/> removes one.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the labels are set.</returns>
    /// <exception cref="ContentNotFoundException">There is no such image here.</exception>
    /// <exception cref="ArgumentException">A label has more than 4096 characters.</exception>
    public async ValueTask SetImageLabelsAsync(
        string reference, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        ArgumentNullException.ThrowIfNull(changes);
        Image image = await _images.FindAsync(reference, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        await _images.LabelAsync(image.Name, changes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the labels of content, in this namespace.</summary>
    /// <param name="digest">The content.</param>
    /// <param name="cancellationToken">Cancels the question.</param>
    /// <returns>The labels.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetContentLabelsAsync(
        Digest digest, CancellationToken cancellationToken = default)
    {
        Info info = await _content.FindAsync(digest, cancellationToken).ConfigureAwait(false) ??
            throw ContentNotFoundException.ForDigest(digest, _connection.Place);
        return new Dictionary<string, string>(info.Labels, StringComparer.Ordinal);
    }

    /// <summary>Sets labels of content in this namespace, and leaves its other labels as they are.</summary>
    /// <param name="digest">The content.</param>
    /// <param name="changes">The labels; <see langword="null"/> removes one.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the labels are set.</returns>
    /// <exception cref="ContentNotFoundException">There is no such content here.</exception>
    /// <exception cref="ArgumentException">A label has more than 4096 characters.</exception>
    public async ValueTask SetContentLabelsAsync(
        Digest digest, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(changes);
        await _content.LabelAsync(digest, changes, cancellationToken).ConfigureAwait(false);
    }
}
