namespace OciImage.Layers;

/// <summary>Some owners of an image that follow each other, and the owners on this system that stand for them.</summary>
public readonly record struct IdRange
{
    /// <summary>Initializes a new instance.</summary>
    /// <param name="containerId">The first owner in the image.</param>
    /// <param name="hostId">The first owner on this system.</param>
    /// <param name="count">How many owners follow each other, at least one.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is none, or an owner would be above 2^32-2.</exception>
    public IdRange(uint containerId, uint hostId, uint count)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)containerId + count, uint.MaxValue, nameof(count));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)hostId + count, uint.MaxValue, nameof(count));
        ContainerId = containerId;
        HostId = hostId;
        Count = count;
    }

    /// <summary>Gets the first owner in the image.</summary>
    public uint ContainerId { get; }

    /// <summary>Gets the first owner on this system.</summary>
    public uint HostId { get; }

    /// <summary>Gets how many owners follow each other.</summary>
    public uint Count { get; }

    internal bool TryMap(uint id, out uint mapped)
    {
        bool isInside = id >= ContainerId && id - ContainerId < Count;
        mapped = isInside ? HostId + (id - ContainerId) : 0;

        return isInside;
    }

    internal bool Overlaps(IdRange other) =>
        Overlap(ContainerId, other.ContainerId, other.Count) || Overlap(HostId, other.HostId, other.Count);

    private bool Overlap(uint first, uint otherFirst, uint otherCount) =>
        first < (ulong)otherFirst + otherCount && otherFirst < (ulong)first + Count;
}
