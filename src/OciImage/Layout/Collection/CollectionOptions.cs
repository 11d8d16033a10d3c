namespace OciImage.Layout;

/// <summary>Provides options for a collection of a layout's garbage.</summary>
public sealed class CollectionOptions
{
    /// <summary>Gets or sets how long content that nothing refers to is left alone after it was last written or used.</summary>
    /// <value>
    /// The default value is one day. It is for writers that hold nothing (<see cref="OciLayout.Hold"/>): with zero, what such a
    /// writer has not named yet goes.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan GracePeriod
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromDays(1);

    /// <summary>Gets or sets whose untagged entries are taken away; referrers of what stays, and what is young, stay listed.</summary>
    /// <value>The default value is <see cref="PruneScope.None"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public PruneScope PruneUntagged
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)PruneScope.AllNamespaces, nameof(value));
            field = value;
        }
    }

    /// <summary>Gets or sets whether the report is all that is made.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool DryRun { get; set; }

    /// <summary>Gets or sets whether to go on where a manifest or an index is damaged, and let go of what it referred to.</summary>
    /// <value>The default value is <see langword="false"/>: nothing is removed until it is repaired or no longer a root.</value>
    public bool IgnoreDamage { get; set; }

    /// <summary>Gets or sets who is told how far the collection is.</summary>
    public IProgress<CollectionProgress>? Progress { get; set; }

    internal CollectionOptions Clone() => (CollectionOptions)MemberwiseClone();
}
