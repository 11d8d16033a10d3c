namespace OciImage.Layout;

/// <summary>The annotations of our own in <c>index.json</c>; other tools keep them and make nothing of them.</summary>
internal static class LayoutAnnotations
{
    /// <summary>What all of them start with.</summary>
    public const string Prefix = "dev.ociimage.";

    /// <summary>Of an entry: the namespace it belongs to, where that is not the default one.</summary>
    public const string Namespace = Prefix + "namespace";

    /// <summary>Of an entry: its name in that namespace.</summary>
    public const string Name = Prefix + "name";

    /// <summary>Of an entry: what a label's key follows; the value is the label's.</summary>
    public const string Label = Prefix + "label.";

    /// <summary>Of an entry: the lease that keeps the content.</summary>
    public const string Lease = Prefix + "lease";

    /// <summary>Of an entry: when that lease ends; none where it does not.</summary>
    public const string LeaseExpires = Prefix + "lease.expires";

    /// <summary>Of the index: what <c>NAMESPACE/ID</c> of a lease follows; the value is two times, made and ending.</summary>
    public const string LeaseRecord = Prefix + "lease/";

    /// <summary>Of the index: what <c>NAMESPACE/ID/KEY</c> follows; the value is that of the lease's label.</summary>
    public const string LeaseLabel = Prefix + "lease-label/";
}
