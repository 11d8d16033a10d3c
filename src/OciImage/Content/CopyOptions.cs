namespace OciImage.Content;

/// <summary>Provides options for copying content between stores.</summary>
public sealed class CopyOptions
{
    /// <summary>Gets or sets how many pieces of content are transferred at the same time.</summary>
    /// <value>The default value is 3.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is zero or negative.</exception>
    public int MaxConcurrency
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = 3;

    /// <summary>Gets or sets the platforms wanted of an index. One gives that manifest, several a new index of those.</summary>
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

    /// <summary>Gets or sets whether an index keeps its bytes and digest when only some platforms are copied.</summary>
    /// <remarks>
    /// A sparse index at the target proves nothing about its children: a later copy of other platforms looks again. So does
    /// a later copy of everything into a layout; into another store it needs <see cref="ForceRecursive"/>.
    /// </remarks>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool Sparse { get; set; }

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
