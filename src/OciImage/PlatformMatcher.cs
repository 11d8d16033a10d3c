using System.Globalization;
using System.Runtime.InteropServices;

namespace OciImage;

/// <summary>Chooses from an index the manifest for a platform, by containerd's rules.</summary>
/// <remarks>
/// A newer CPU runs what was made for an older one: <c>amd64/v3</c> takes v3, v2, plain <c>amd64</c> and then <c>386</c>; <c>arm64</c>
/// takes <c>arm64</c> and then <c>arm/v8</c> down to <c>arm/v5</c>. An instance never changes and may be used by many threads.
/// </remarks>
public sealed class PlatformMatcher
{
    private readonly List<(string Architecture, string? Variant)> _accepted;

    /// <summary>Initializes a new instance for a platform.</summary>
    /// <param name="platform">The platform wanted; it need not be normalised.</param>
    public PlatformMatcher(Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        Platform = platform.Normalize();
        _accepted = [.. Accepted(Platform.Architecture, Platform.Variant)];
    }

    /// <summary>Gets a matcher for the platform that this process runs on; <c>linux</c> on macOS, where containers are Linux.</summary>
    public static PlatformMatcher Current { get; } = new(DetectPlatform());

    /// <summary>Gets the platform wanted, normalised.</summary>
    public Platform Platform { get; }

    /// <summary>Tells whether content for a platform runs on the platform wanted.</summary>
    /// <param name="candidate">The platform that the content is for.</param>
    /// <returns><see langword="true"/> when it runs.</returns>
    public bool Matches(Platform candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return Rank(candidate) is not null;
    }

    /// <summary>Chooses the best match; among equals the first wins (image-spec 1.1.1, image-index.md).</summary>
    /// <param name="manifests">The descriptors of an index.</param>
    /// <returns>The descriptor, or <see langword="null"/> where none matches.</returns>
    public Descriptor? Select(IEnumerable<Descriptor> manifests)
    {
        ArgumentNullException.ThrowIfNull(manifests);
        Descriptor? best = null;
        (int, long) bestRank = (int.MaxValue, 0);
        foreach (Descriptor descriptor in manifests)
        {
            if (descriptor.Platform is not null && Rank(descriptor.Platform) is { } rank && rank.CompareTo(bestRank) < 0)
            {
                (best, bestRank) = (descriptor, rank);
            }
        }

        return best;
    }

    // Less is better: first how close the CPU is, then how close the version of Windows.
    private (int Cpu, long Version)? Rank(Platform candidate)
    {
        Platform normalized = candidate.Normalize();
        int rank = _accepted.IndexOf((normalized.Architecture, normalized.Variant));
        if (rank < 0 || normalized.Os != Platform.Os || !FeaturesFit(normalized))
        {
            return null;
        }

        long? distance = Platform.Os == "windows" ? WindowsVersion.Distance(Platform.OsVersion, normalized.OsVersion) : 0;
        return distance is null ? null : (rank, distance.Value);
    }

    // What an image requires must be offered; every Windows offers win32k unless it says what it offers.
    private bool FeaturesFit(Platform candidate) =>
        candidate.OsFeatures.All(feature => Platform.OsFeatures.Contains(feature) ||
            (feature == "win32k" && Platform is { Os: "windows", OsFeatures.Count: 0 }));

    private static IEnumerable<(string Architecture, string? Variant)> Accepted(string architecture, string? variant)
    {
        yield return (architecture, variant);
        switch (architecture)
        {
            case "amd64":
                for (int version = Number(variant) - 1; version >= 2; version--)
                {
                    yield return ("amd64", "v" + version.ToString(CultureInfo.InvariantCulture));
                }

                if (variant is not null)
                {
                    yield return ("amd64", null);
                }

                yield return ("386", null);
                break;
            case "arm64":
                foreach (string? older in OlderThanArm64(variant))
                {
                    yield return ("arm64", older);
                }

                for (int version = 8; version >= 5; version--)
                {
                    yield return ("arm", "v" + version.ToString(CultureInfo.InvariantCulture));
                }

                break;
            case "arm":
                for (int version = Number(variant) - 1; version >= 5; version--)
                {
                    yield return ("arm", "v" + version.ToString(CultureInfo.InvariantCulture));
                }

                break;
        }
    }

    // v9.x has what v9.(x-1) has, down to v9, and then what v8.(x+5) has, down to plain arm64.
    private static IEnumerable<string?> OlderThanArm64(string? variant)
    {
        if (variant is null)
        {
            yield break;
        }

        int dot = variant.IndexOf('.', StringComparison.Ordinal);
        int major = Number(dot < 0 ? variant : variant[..dot]);
        int minor = dot < 0 ? 0 : Number("v" + variant[(dot + 1)..]);
        if (major == 9)
        {
            for (int older = minor - 1; older >= 0; older--)
            {
                yield return older == 0 ? "v9" : $"v9.{older}";
            }

            minor += 6;
        }

        for (int older = minor - 1; older >= 1; older--)
        {
            yield return $"v8.{older}";
        }

        yield return null;
    }

    // At most 9: a variant is foreign text, and it must not say how long a list becomes.
    private static int Number(string? variant) =>
        variant is ['v', >= '1' and <= '9'] ? variant[1] - '0' : 0;

    private static Platform DetectPlatform() => new()
    {
        Os = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsFreeBSD() ? "freebsd" : "linux",
        OsVersion = OperatingSystem.IsWindows() ? Environment.OSVersion.Version.ToString() : null,
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.X86 => "386",
            Architecture.Arm64 => "arm64",
            Architecture.Arm or Architecture.Armv6 => "arm",
            Architecture.S390x => "s390x",
            Architecture.Ppc64le => "ppc64le",
            Architecture.RiscV64 => "riscv64",
            Architecture.LoongArch64 => "loong64",
            var other => other.ToString().ToLowerInvariant(),
        },
    };
}
