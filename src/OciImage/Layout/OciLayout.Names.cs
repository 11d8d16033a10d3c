namespace OciImage.Layout;

/// <content>Names, roots and namespaces.</content>
public sealed partial class OciLayout
{
    /// <inheritdoc/>
    /// <remarks>
    /// A sha256 or sha512 digest is only looked for as one, whatever an entry calls itself. Where several entries have the
    /// tag, an index comes first, then the manifest for this machine's platform, then the first; <see cref="ReadIndexAsync"/>
    /// tells them all.
    /// </remarks>
    public ValueTask<Descriptor> ResolveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        return _names.ResolveAsync(reference, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// A manifest that loses its tag stays listed where it has a subject, and otherwise is no root any more. A tag that moves
    /// keeps its labels. Outside of the default namespace a tag may as well be a whole reference, as containerd's names are.
    /// </remarks>
    public ValueTask TagAsync(Descriptor descriptor, string reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        ArgumentException.ThrowIfNullOrEmpty(reference);
        return _names.TagAsync(descriptor, reference, cancellationToken);
    }

    /// <summary>Lists content in <c>index.json</c> without a tag, so that it is a root; content that is listed stays as it is.</summary>
    /// <param name="descriptor">The content, usually a manifest or an index.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the root is listed.</returns>
    /// <exception cref="ContentNotFoundException">The content is not here.</exception>
    public ValueTask AddRootAsync(Descriptor descriptor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return _names.AddRootAsync(descriptor, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>The entry goes, unless it is of a manifest with a subject, which stays listed without a tag.</remarks>
    public ValueTask UntagAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        return _names.UntagAsync(reference, cancellationToken);
    }

    /// <summary>Sets and removes labels of a tag; those that are not named stay.</summary>
    /// <param name="reference">The tag.</param>
    /// <param name="changes">The labels with their new values; <see langword="null"/> removes one.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the labels are visible, in <see cref="ListRootsAsync"/>.</returns>
    /// <exception cref="ContentNotFoundException">There is no such tag in the namespace.</exception>
    /// <exception cref="ArgumentException">A key is empty, or a label with its key has more than 4096 bytes.</exception>
    public ValueTask SetLabelsAsync(
        string reference, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        ArgumentNullException.ThrowIfNull(changes);
        return _names.SetLabelsAsync(reference, changes, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListReferencesAsync(CancellationToken cancellationToken = default) =>
        _names.ListAsync(cancellationToken);

    /// <summary>Lists the roots with their names and labels, in the order of namespaces and names, those without a name last.</summary>
    /// <param name="allNamespaces">Whether to list those of all namespaces, or of this one only.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The roots. What only leases keep is none.</returns>
    public IAsyncEnumerable<LayoutRoot> ListRootsAsync(
        bool allNamespaces = false, CancellationToken cancellationToken = default) =>
        _names.ListRootsAsync(allNamespaces, cancellationToken);

    /// <summary>Lists the namespaces that have a root or a lease, in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The namespaces.</returns>
    public IAsyncEnumerable<string> ListNamespacesAsync(CancellationToken cancellationToken = default) =>
        _names.ListNamespacesAsync(cancellationToken);

    /// <summary>Takes away all tags, roots and leases of this namespace. Content goes with the next collection.</summary>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>How many roots and leases there were.</returns>
    public ValueTask<int> ClearNamespaceAsync(CancellationToken cancellationToken = default) =>
        _names.RemoveAllAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<Descriptor> ListReferrersAsync(
        Descriptor subject, string? artifactType = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return _names.ListReferrersAsync(subject, artifactType, cancellationToken);
    }

    /// <summary>Returns the same layout in another namespace; both share what they hold in memory.</summary>
    /// <param name="name">The namespace.</param>
    /// <returns>The layout in that namespace; it holds nothing open.</returns>
    /// <exception cref="ArgumentException">The text is no namespace (<see cref="OciLayoutOptions.Namespace"/>).</exception>
    public OciLayout InNamespace(string name)
    {
        LayoutNamespace.Check(name);
        return name == Namespace ? this : new OciLayout(this, name);
    }
}
