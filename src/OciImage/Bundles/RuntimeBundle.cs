using System.Text;
using OciImage.Images;
using OciImage.Layers;
using OciImage.Linux;

namespace OciImage.Bundles;

/// <summary>Writes images as bundles that container runtimes run (runtime-spec 1.2): a root filesystem and a <c>config.json</c>.</summary>
public static class RuntimeBundle
{
    private static readonly byte[] RootName = Encoding.ASCII.GetBytes(RuntimeConversion.RootPath);
    private static readonly byte[] SpecificationName = "config.json"u8.ToArray();

    /// <summary>Gets whether this system can write bundles: Linux on x64 and arm64 can.</summary>
    public static bool IsSupported => LayerUnpacker.IsSupported;

    /// <summary>Writes an image as a bundle: <c>rootfs</c> and <c>config.json</c> in a directory that only its owner can enter.</summary>
    /// <remarks>
    /// Everything is made beside the directory, and gets its name in one step, when the digest and the DiffID of every layer agreed and the
    /// configuration was written. On failure and on cancellation nothing is left, and what was there before is there again. Where
    /// the directory is a mount point, or its parent cannot be written to, the bundle is made inside it and moved up at the end. What
    /// the configuration of the image alone can be refused for is refused before a layer is read.
    /// </remarks>
    /// <param name="image">The image.</param>
    /// <param name="directory">The directory, which must be absent or empty, unless <see cref="UnpackOptions.Force"/> is set.</param>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>What was written, skipped and tolerated.</returns>
    /// <exception cref="ArgumentException">The directory is the root of the system.</exception>
    /// <exception cref="PlatformNotSupportedException">The system is not one that <see cref="IsSupported"/> is true on.</exception>
    /// <exception cref="IOException">The directory is not empty, or the file system refused an operation.</exception>
    /// <exception cref="ContentNotFoundException">A layer is missing.</exception>
    /// <exception cref="ContentVerificationException">A layer's bytes are not what its descriptor says.</exception>
    /// <exception cref="LayerException">A layer is malformed, unsafe, above a limit, or has another DiffID.</exception>
    /// <exception cref="BundleException">The image cannot be a bundle; the kind says why.</exception>
    public static async ValueTask<RuntimeBundleReport> WriteAsync(
        ContainerImage image,
        string directory,
        RuntimeBundleOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException("A bundle can only be written on Linux (x64, arm64).");
        }

        options = options?.Clone() ?? new RuntimeBundleOptions();
        UnpackOptions unpack = options.Unpack.Clone();
        var conversion = new RuntimeConversion(image.Config.Value, options)
        {
            Created = RuntimeConversion.ReadCreated(image.Config),
        };
        conversion.Check();

        using UnpackTarget target = UnpackTarget.Prepare(directory, unpack.Force);
        using DirectoryHandle bundle = target.OpenRoot();
        bundle.CreateDirectory(RootName);
        using DirectoryHandle root = Open(bundle, RootName);
        UnpackReport report = await LayerUnpacker.ApplyAsync(
            image.Source, image.Layers, root, unpack, cancellationToken).ConfigureAwait(false);

        bool useOpenAt2 = PathWalker.HasOpenAt2 && !unpack.AvoidOpenAt2;
        RuntimeSpecification specification = conversion.Convert(ImageUser.ResolveIn(root, conversion.User, useOpenAt2));
        var volumes = new VolumeDirectories(root, useOpenAt2);
        if (options.Volumes == VolumeMounts.Directories)
        {
            volumes.Create(bundle, conversion.Volumes);
        }
        else if (options.Preset != BundlePreset.Rootless)
        {
            specification = volumes.AddOwners(specification, conversion.Volumes);
        }

        if (options.Change is { } change)
        {
            specification = change(specification) ??
                throw new InvalidOperationException("A change of the configuration returned none.");
        }

        Write(bundle, specification.ToBytes());
        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();

        return new RuntimeBundleReport(report, specification);
    }

    // For its owner alone: the environment may hold secrets.
    private static unsafe void Write(DirectoryHandle bundle, byte[] content)
    {
        int descriptor = bundle.CreateFile(SpecificationName);
        try
        {
            fixed (byte* bytes = content)
            {
                for (int written = 0; written < content.Length;)
                {
                    nint count = Libc.Write(descriptor, bytes + written, content.Length - written);
                    if (count < 0 && Libc.LastError != LinuxError.Interrupted)
                    {
                        throw LinuxError.Of(Libc.LastError, "Writing", SpecificationName);
                    }

                    written += (int)Math.Max(count, 0);
                }
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    private static DirectoryHandle Open(DirectoryHandle parent, ReadOnlySpan<byte> name)
    {
        int error = parent.TryOpenDirectory(name, out DirectoryHandle? directory);
        return error == 0 ? directory! : throw LinuxError.Of(error, "Opening", name);
    }
}
