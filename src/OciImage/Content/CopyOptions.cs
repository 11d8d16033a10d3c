namespace OciImage.Content;

/// <summary>Provides options for copying content between stores.</summary>
public sealed class CopyOptions
{
    /// <summary>Gets or sets how many pieces of content are transferred at the same time.</summary>
    /// <value>The default value is 4.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxConcurrency
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 4;

    /// <summary>Gets or sets how many parts of one large piece of content are fetched at the same time.</summary>
    /// <remarks>
    /// Only where the source can give parts (<see cref="IContentRangeFetcher"/>), the target puts them together, as a layout
    /// does, and the content has at least <see cref="ParallelRangeThreshold"/> bytes. The parts share one of the
    /// <see cref="MaxConcurrency"/> transfers; each takes a buffer of 256 KiB, and one more is for hashing.
    /// </remarks>
    /// <value>The default value is 4; 1 reads all content as one stream.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not from 1 to 16.</exception>
    public int RangesPerBlob
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 16);
            field = value;
        }
    } = 4;

    /// <summary>Gets or sets the size in bytes from which on content is fetched in parts.</summary>
    /// <value>The default value is 64 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long ParallelRangeThreshold
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 64 * 1024 * 1024;

    /// <summary>Gets or sets the platforms wanted of an index. One gives that manifest, several a new index of those.</summary>
    /// <remarks>
    /// Indexes in the index are followed. The new index is flat: the entries of the manifests chosen, in the order in which
    /// they stand, and those of their attestations (<c>vnd.docker.reference.digest</c>).
    /// </remarks>
    /// <value>The default value is none, which copies everything.</value>
    public IReadOnlyList<Platform> Platforms
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>Gets or sets whether an index keeps its bytes and digest although not all that it lists is copied.</summary>
    /// <remarks>
    /// With <see cref="Platforms"/> only those are copied of it. Without, what an index lists and the source lacks is left out
    /// and reported as <see cref="ContentProgressState.LeftOut"/>; all else that is missing ends the copy as ever.
    /// A sparse index at the target proves nothing about its children: a later copy of other platforms looks again. So does
    /// a later copy of everything into a layout; into another store it needs <see cref="ForceRecursive"/>.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool Sparse { get; set; }

    /// <summary>Gets or sets whether what refers to the copied manifests by its <c>subject</c> is copied too.</summary>
    /// <remarks>
    /// It holds for the root, for every manifest and index below it that is copied, and for the referrers themselves, up to 16
    /// deep. A referrer follows its subject; the tag of the root comes last. A listed manifest that is gone, or refers to
    /// something else, is left out and reported as <see cref="ContentProgressState.LeftOut"/>.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool IncludeReferrers { get; set; }

    /// <summary>Gets or sets the only artifact types of referrers that are copied, at every depth.</summary>
    /// <value>The default value is none, which copies all. It means nothing without <see cref="IncludeReferrers"/>.</value>
    public IReadOnlyList<string> ReferrerTypes
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>
    /// Gets or sets whether the tags that are made of the digest of a copied manifest, such as <c>sha256-….sig</c>, are copied too.
    /// </summary>
    /// <remarks>
    /// The source's tags are listed once. The bare tag (<c>sha256-…</c>) of an index is a list of referrers: with
    /// <see cref="IncludeReferrers"/> it is left to the target, and without it never replaces one that the target has.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool IncludeDigestTags { get; set; }

    /// <summary>Gets or sets whether children are looked at although their parent exists at the target.</summary>
    /// <value>
    /// The default value is <see langword="false"/>: a parent that exists proves its children, since a registry looked for
    /// them when it took it. A layout does not look, so below its documents everything is looked at anyway.
    /// </value>
    public bool ForceRecursive { get; set; }

    /// <summary>Gets or sets who decides whether the image may be used; asked before anything is written.</summary>
    /// <value>The default value is <see langword="null"/>: nobody is asked.</value>
    public IImageVerifier? Verifier { get; set; }

    /// <summary>Gets or sets where progress is reported, at most about ten times a second for each piece of content.</summary>
    /// <remarks>Several pieces of content move at once, so reports come from several threads at once.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public IProgress<ContentProgress>? Progress { get; set; }

    /// <summary>Gets or sets the limits that hold for manifests and indexes.</summary>
    /// <value>The default value has the defaults of <see cref="DocumentOptions"/>.</value>
    public DocumentOptions Documents
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    /// <summary>Gets or sets how many pieces of content one graph may have; one with several parents counts for each.</summary>
    /// <value>The default value is 100 000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxNodes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 100_000;

    /// <summary>Gets or sets how many bytes the manifests and indexes of one graph may have together.</summary>
    /// <value>The default value is 64 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public long MaxDocumentBytes
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 64 * 1024 * 1024;

    /// <summary>Gets or sets the clock that spaces progress reports.</summary>
    /// <value>The default value is the system's clock.</value>
    public TimeProvider TimeProvider
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = TimeProvider.System;

    internal CopyOptions Clone() => (CopyOptions)MemberwiseClone();
}
