namespace OciImage.Layers;

/// <summary>Provides options for unpacking layers as the directories of an overlay.</summary>
public sealed class OverlayOptions
{
    /// <summary>Gets or sets whether the attributes of the overlay are <c>user.overlay.*</c> instead of <c>trusted.overlay.*</c>.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: for everybody but root, who alone may set the others. The mount then needs
    /// <c>userxattr</c>.
    /// </value>
    public bool? UserXattrs { get; set; }

    /// <summary>Gets or sets what stands for a removed name.</summary>
    /// <value>The default value is <see cref="OverlayWhiteouts.Automatic"/>.</value>
    public OverlayWhiteouts Whiteouts { get; set; }

    internal OverlayOptions Clone() => (OverlayOptions)MemberwiseClone();
}
