namespace OciImage.Registry.Referrers;

/// <summary>One change of the list of referrers behind a fallback tag. Compared by identity.</summary>
internal sealed class ReferrerChange(Descriptor referrer, bool isRemoval)
{
    /// <summary>Gets the manifest, as the list shows it.</summary>
    public Descriptor Referrer => referrer;

    /// <summary>Gets whether it leaves the list.</summary>
    public bool IsRemoval => isRemoval;

    /// <summary>Gets or sets whether the change was made, by whoever did.</summary>
    public bool IsDone { get; set; }
}
