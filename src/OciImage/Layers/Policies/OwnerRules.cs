using OciImage.Linux;

namespace OciImage.Layers;

/// <summary>Decides which owner something gets, and what of it may be kept where that is another one.</summary>
internal sealed class OwnerRules
{
    private const uint SetIdBits = 0xC00;

    private readonly OwnerPolicy _policy;
    private readonly OwnerMap? _map;
    private readonly bool _isRoot;

    public OwnerRules(UnpackOptions options)
    {
        _isRoot = Libc.GetEffectiveUserId() == 0;
        _policy = options.Owners == OwnerPolicy.Automatic && !_isRoot ? OwnerPolicy.Ignore : options.Owners;
        _map = _policy == OwnerPolicy.Map
            ? options.OwnerMap ?? throw new ArgumentException("Owners are to be mapped, and there is no map of them.", nameof(options))
            : null;
    }

    /// <summary>Gets whether owners are set at all.</summary>
    public bool AreSet => _policy != OwnerPolicy.Ignore;

    /// <summary>Gets whether an owner that the system does not have is reported instead of an error.</summary>
    public bool MayBeRefused => _policy == OwnerPolicy.Automatic;

    /// <summary>Returns the owner on this system.</summary>
    /// <exception cref="LayerException">The map has none.</exception>
    public (uint Uid, uint Gid) Of(NodeMetadata metadata)
    {
        if (_map is null)
        {
            return (metadata.Uid, metadata.Gid);
        }

        return _map.TryMapUser(metadata.Uid, out uint uid) && _map.TryMapGroup(metadata.Gid, out uint gid)
            ? (uid, gid)
            : throw new LayerException(
                LayerErrorKind.Unsupported,
                $"The map of owners has none for {metadata.Uid}:{metadata.Gid} of '{Excerpt.Of(metadata.DisplayPath)}'.",
                metadata.DisplayPath);
    }

    /// <summary>Returns the mode without the bits that would come to mean another user than the image says.</summary>
    /// <remarks>What says "run as user 1000" must not come to say "run as root" because the owner was not set.</remarks>
    public uint SafeMode(NodeMetadata metadata, bool isOwned) =>
        _isRoot && !isOwned && (metadata.Uid != 0 || metadata.Gid != 0) ? metadata.Mode & ~SetIdBits : metadata.Mode;

    /// <summary>Returns a value of <c>security.capability</c> that holds where its owner's root is root, and nowhere else.</summary>
    /// <remarks>
    /// A file with capabilities gives them to whoever runs it. Under a map its root is an ordinary user here, so the version 3 of the
    /// attribute names that user, and the kernel gives the capabilities only in its namespace (capabilities(7)).
    /// </remarks>
    public ReadOnlyMemory<byte> SafeCapability(ReadOnlyMemory<byte> value)
    {
        const int Version2Length = 20;
        if (_map is null || !_map.TryMapUser(0, out uint root) || value.Length != Version2Length || value.Span[3] != 2)
        {
            return value;
        }

        byte[] version3 = [.. value.Span, 0, 0, 0, 0];
        version3[3] = 3;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(version3.AsSpan(Version2Length), root);

        return version3;
    }
}
