using OciImage.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OciImage.Bundles;

/// <summary>The configuration of a container: the <c>config.json</c> of a bundle (runtime-spec 1.2).</summary>
/// <remarks>Equality compares what <see cref="ToBytes"/> writes.</remarks>
public sealed record RuntimeSpecification
{
    /// <summary>Gets the version of runtime-spec.</summary>
    [JsonPropertyName("ociVersion")]
    [JsonPropertyOrder(0)]
    public required string OciVersion { get; init; }

    /// <summary>Gets what is run, or <see langword="null"/>.</summary>
    [JsonPropertyName("process")]
    [JsonPropertyOrder(1)]
    public RuntimeProcess? Process { get; init; }

    /// <summary>Gets the root filesystem, or <see langword="null"/>.</summary>
    [JsonPropertyName("root")]
    [JsonPropertyOrder(2)]
    public RuntimeRoot? Root { get; init; }

    /// <summary>Gets the host name in the container, or <see langword="null"/>.</summary>
    [JsonPropertyName("hostname")]
    [JsonPropertyOrder(3)]
    public string? Hostname { get; init; }

    /// <summary>Gets what is mounted, in the order in which it is.</summary>
    [JsonPropertyName("mounts")]
    [JsonPropertyOrder(4)]
    public IReadOnlyList<RuntimeMount> Mounts { get => field ?? []; init; }

    /// <summary>Gets the annotations.</summary>
    [JsonPropertyName("annotations")]
    [JsonPropertyOrder(5)]
    public IReadOnlyDictionary<string, string> Annotations { get => field ?? EmptyMap.Strings; init; }

    /// <summary>Gets what the container has of Linux, or <see langword="null"/>.</summary>
    [JsonPropertyName("linux")]
    [JsonPropertyOrder(6)]
    public RuntimeLinux? Linux { get; init; }

    [JsonInclude]
    [JsonExtensionData]
    internal Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>Converts the configuration of an image, as conversion.md of image-spec says.</summary>
    /// <remarks>Reads and writes no files. <see cref="RuntimeBundleOptions.Change"/> and <see cref="RuntimeBundleOptions.Unpack"/> are not looked at.</remarks>
    /// <param name="config">The configuration.</param>
    /// <param name="user">The user, resolved in the image's own files; see <see cref="ImageUser.Resolve"/>.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <returns>The configuration of a container, whose root filesystem is <c>rootfs</c>.</returns>
    /// <exception cref="ArgumentException">Rootless is wanted without mappings, on a system that has no users to map.</exception>
    /// <exception cref="BundleException">The image, or an option, says what cannot be said in a configuration.</exception>
    public static RuntimeSpecification FromImage(ImageConfig config, ImageUser user, RuntimeBundleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(user);

        return new RuntimeConversion(config, options ?? new RuntimeBundleOptions()).Convert(user);
    }

    /// <summary>Reads a <c>config.json</c>; fields that are not known here survive.</summary>
    /// <param name="bytes">The bytes of the document.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="DocumentFormatException">
    /// The bytes are no such document, have more than 4 MiB, or could be understood differently by another reader.
    /// </exception>
    public static RuntimeSpecification Parse(ReadOnlySpan<byte> bytes) => RuntimeJson.Parse(bytes);

    /// <summary>Writes the configuration as <c>config.json</c>: UTF-8, known fields in a fixed order, indented.</summary>
    /// <returns>The bytes.</returns>
    /// <exception cref="BundleException">
    /// There is not exactly one new mount namespace (a runtime would mount into the host), or the process has no arguments.
    /// </exception>
    public byte[] ToBytes() => RuntimeJson.ToBytes(this);

    /// <inheritdoc/>
    public bool Equals(RuntimeSpecification? other) => RuntimeJson.AreEqual(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OciVersion, Hostname, Mounts.Count, Annotations.Count);
}
