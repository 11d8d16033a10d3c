using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using OciImage.Content;
using OciImage.Layout;

namespace OciImage.Engines;

/// <summary>The images of a local Docker Engine, spoken to by its Engine API over a Unix socket.</summary>
/// <remarks>
/// Docker takes images and gives them as archives. It keeps the configuration, whose digest is the image's identifier, and the layers unpacked;
/// the manifest, its digest and the layers' compression are not kept by an engine with its own image store. All members may be
/// used by many threads at once.
/// </remarks>
public sealed class DockerEngine : IReferenceLister, IDisposable
{
    // The oldest version with what is used here, and the newest that was looked at: an engine speaks older ones too.
    private static readonly Version Oldest = new(1, 24);
    private static readonly Version Newest = new(1, 47);

    // Engines before 23.0 unpack gzip alone.
    private static readonly Version FirstWithZstd = new(1, 42);

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@+");

    private readonly DockerConnection _connection;

    private DockerEngine(DockerConnection connection, Version api, string engineVersion, Platform platform)
    {
        _connection = connection;
        Api = api;
        EngineVersion = engineVersion;
        Platform = platform;
    }

    /// <summary>Gets the version that the engine says it has.</summary>
    public string EngineVersion { get; }

    /// <summary>Gets the version of the API that is spoken.</summary>
    public string ApiVersion => Api.ToString(2);

    /// <summary>Gets the platform that the engine runs on, which is that of the images it keeps where nothing else is said.</summary>
    public Platform Platform { get; }

    private Version Api { get; }

    /// <summary>Connects to a Docker Engine and agrees with it on a version of the API.</summary>
    /// <param name="options">The options, or <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <returns>The engine, which the caller disposes.</returns>
    /// <exception cref="EngineException">Nobody listens at the socket, this user may not connect, or what listens is no Docker Engine.</exception>
    public static async ValueTask<DockerEngine> ConnectAsync(
        DockerEngineOptions? options = null, CancellationToken cancellationToken = default)
    {
        const string Action = "speak to Docker";
        var connection = new DockerConnection(options?.Clone() ?? new DockerEngineOptions());
        try
        {
            using HttpResponseMessage ping = await connection.SendAsync(
                Action,
                new HttpRequestMessage(HttpMethod.Get, "_ping"),
                connection.Options.ConnectTimeout,
                cancellationToken).ConfigureAwait(false);
            string said = ping.Headers.TryGetValues("Api-Version", out IEnumerable<string>? values) ? values.First() : "";
            if (!System.Version.TryParse(said, out Version? offered) || offered < Oldest)
            {
                throw connection.Socket.Error(
                    EngineErrorKind.InvalidAnswer,
                    $"What listens at '{connection.Socket.Path}' speaks version '{EngineText.Of(said)}' of Docker's API; " +
                    $"{Oldest} or newer is needed.");
            }

            Version api = offered < Newest ? offered : Newest;
            DockerVersion version = await connection.AskAsync(
                Action, $"v{api.ToString(2)}/version", DockerJsonContext.Default.DockerVersion, cancellationToken).ConfigureAwait(false);
            var platform = new Platform { Os = version.Os ?? "linux", Architecture = version.Architecture ?? "amd64" };
            return new DockerEngine(connection, api, EngineText.Of(version.Version), platform);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Loads an image. Of an index, the image for one platform is loaded: Docker's own store keeps no indexes.</summary>
    /// <remarks>
    /// What is sent is verified as it is read. Docker may have taken layers when it fails; it names the image last.
    /// </remarks>
    /// <param name="source">The place that has the image.</param>
    /// <param name="root">The manifest or index.</param>
    /// <param name="names">The names that the image gets, such as <c>alpine:3.22</c>; a name that another image has moves.</param>
    /// <param name="platform">The platform wanted of an index; the engine's by default.</param>
    /// <param name="progress">Where each piece of content that was sent is reported, or <see langword="null"/>.</param>
    /// <param name="cancellationToken">Cancels the load.</param>
    /// <returns>What Docker made of it.</returns>
    /// <exception cref="ArgumentException">A name is not one of an image, or has a digest.</exception>
    /// <exception cref="ContentNotFoundException">The source lacks content, or the index the platform.</exception>
    /// <exception cref="ContentVerificationException">The source's content is not what it should be.</exception>
    /// <exception cref="EngineException">Docker fails, or does not take such content; the message has what it said.</exception>
    public async ValueTask<DockerLoadReport> LoadAsync(
        IContentFetcher source,
        Descriptor root,
        IReadOnlyList<string> names,
        Platform? platform = null,
        IProgress<ContentProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(names);
        string[] qualified = [.. names.Select(Qualify)];
        OciDocument<ImageManifest> manifest = await DockerImageChoice.ReadAsync(
            source, root, new PlatformMatcher(platform ?? Platform), _connection.Options.Documents, cancellationToken).ConfigureAwait(false);
        CheckLayers(manifest.Value);
        string action = $"load '{manifest.Descriptor.Digest}'";
        var request = new HttpRequestMessage(HttpMethod.Post, $"v{ApiVersion}/images/load?quiet=1")
        {
            Content = new DockerLoadContent(source, manifest, qualified, progress),
        };
        request.Content.Headers.ContentType = new("application/x-tar");
        using HttpResponseMessage answer = await _connection
            .SendAsync(action, request, _connection.Options.WorkTimeout, cancellationToken).ConfigureAwait(false);
        Stream body = await _connection.OpenBodyAsync(action, answer, cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            ((DockerBodyStream)body).Limit = _connection.Options.WorkTimeout;
            IReadOnlyList<string> images = await DockerAnswerReader
                .ReadAsync(_connection, action, body, cancellationToken).ConfigureAwait(false);
            return images.Count > 0
                ? new DockerLoadReport(manifest.Descriptor, manifest.Value.Config.Digest, images)
                : throw _connection.Socket.Error(
                    EngineErrorKind.InvalidAnswer,
                    $"Cannot {action}: Docker at '{_connection.Socket.Path}' ended its answer without saying that it loaded an image.");
        }
    }

    /// <summary>Writes an image as the archive that Docker makes of it (<c>docker save</c>).</summary>
    /// <param name="reference">The image's name or identifier.</param>
    /// <param name="target">Where the archive is written, from its current position; half of it may be there after a failure.</param>
    /// <param name="cancellationToken">Cancels the writing.</param>
    /// <returns>A task that ends when Docker has sent all.</returns>
    /// <exception cref="ArgumentException">The reference is no image's name or identifier.</exception>
    /// <exception cref="ContentNotFoundException">Docker has no such image.</exception>
    /// <exception cref="EngineException">Docker fails, or breaks off.</exception>
    public async ValueTask SaveAsync(string reference, Stream target, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        ArgumentNullException.ThrowIfNull(target);
        string action = $"save '{EngineText.Of(reference)}'";
        try
        {
            using HttpResponseMessage answer = await _connection.SendAsync(
                action,
                new HttpRequestMessage(HttpMethod.Get, $"v{ApiVersion}/images/{ToPath(reference)}/get"),
                _connection.Options.WorkTimeout,
                cancellationToken).ConfigureAwait(false);
            Stream body = await _connection.OpenBodyAsync(action, answer, cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                ((DockerBodyStream)body).Limit = _connection.Options.WorkTimeout;
                await body.CopyToAsync(target, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        }
    }

    /// <summary>Opens an image: Docker's archive of it is spooled to a temporary file that goes with it, and read there.</summary>
    /// <remarks>
    /// The configuration and the layers' contents are Docker's; the manifest is made of them, since an engine with its own image store keeps
    /// none. Its layers are not compressed.
    /// </remarks>
    /// <param name="reference">The image's name or identifier.</param>
    /// <param name="cancellationToken">Cancels the opening.</param>
    /// <returns>The archive, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">The reference is no image's name or identifier.</exception>
    /// <exception cref="ContentNotFoundException">Docker has no such image.</exception>
    /// <exception cref="EngineException">Docker fails, or breaks off.</exception>
    /// <exception cref="DocumentFormatException">What Docker gave is no archive of images.</exception>
    public async ValueTask<ImageArchive> OpenImageAsync(string reference, CancellationToken cancellationToken = default)
    {
        FileStream spool = CreateSpool();
        try
        {
            await SaveAsync(reference, spool, cancellationToken).ConfigureAwait(false);
            spool.Position = 0;
            return await ImageArchive.OpenAsync(spool, leaveOpen: false, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await spool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lists the names of the images in ordinal order.</summary>
    /// <param name="cancellationToken">Cancels the listing.</param>
    /// <returns>The names, with their tags, as Docker shows them.</returns>
    public async IAsyncEnumerable<string> ListReferencesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        IReadOnlyList<DockerImageSummary> images = await _connection.AskAsync(
            "list the images", $"v{ApiVersion}/images/json", DockerJsonContext.Default.IReadOnlyListDockerImageSummary, cancellationToken)
            .ConfigureAwait(false);
        foreach (string name in images
            .SelectMany(image => image.RepoTags ?? [])
            .Where(name => name != "<none>:<none>").Distinct().Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    /// <summary>Gives an image another name.</summary>
    /// <param name="reference">The image's name or identifier.</param>
    /// <param name="name">The other name, such as <c>alpine:3.22</c>; when another image has it, it moves.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the name is visible.</returns>
    /// <exception cref="ArgumentException">The reference is no image's, or the name not one with a tag.</exception>
    /// <exception cref="ContentNotFoundException">Docker has no such image.</exception>
    /// <exception cref="EngineException">Docker fails.</exception>
    public ValueTask TagAsync(string reference, string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        var parsed = ImageReference.Parse(Qualify(name));
        string query = $"repo={Uri.EscapeDataString($"{parsed.Registry}/{parsed.Repository}")}&tag={Uri.EscapeDataString(parsed.Tag!)}";
        return ChangeAsync($"tag '{EngineText.Of(reference)}'", HttpMethod.Post, reference, $"/tag?{query}", cancellationToken);
    }

    /// <summary>Removes a name, and the image with its last name.</summary>
    /// <param name="reference">The name.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>A task that ends when the name is gone.</returns>
    /// <exception cref="ArgumentException">The reference is no image's name or identifier.</exception>
    /// <exception cref="ContentNotFoundException">Docker has no such image.</exception>
    /// <exception cref="EngineException">Docker fails, or a container needs the image.</exception>
    public ValueTask RemoveAsync(string reference, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(reference);
        return ChangeAsync($"remove '{EngineText.Of(reference)}'", HttpMethod.Delete, reference, "", cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static string Qualify(string name) =>
        ImageReference.TryParse(name, out ImageReference? parsed) && parsed.Digest is null
            ? parsed.ToString()
            : throw new ArgumentException($"'{EngineText.Of(name)}' is not the name of an image with a tag.", nameof(name));

    // The engine's routes take the rest of the path as a name: nothing in it may lead to another route.
    private static string ToPath(string reference) =>
        !reference.AsSpan().ContainsAnyExcept(NameCharacters) &&
        reference.Split('/').All(part => part.Length > 0 && part is not ("." or ".."))
            ? reference
            : throw new ArgumentException($"'{EngineText.Of(reference)}' is no image's name or identifier.", nameof(reference));

    private static FileStream CreateSpool()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(Path.Combine(Path.GetTempPath(), $"ociimage-{Guid.NewGuid():N}"), options);
    }

    private async ValueTask ChangeAsync(
        string action, HttpMethod method, string reference, string rest, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage answer = await _connection.SendAsync(
                action,
                new HttpRequestMessage(method, $"v{ApiVersion}/images/{ToPath(reference)}{rest}"),
                _connection.Options.Timeout,
                cancellationToken).ConfigureAwait(false);
        }
        catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
        {
            throw ContentNotFoundException.ForReference(reference, _connection.Place);
        }
    }

    private void CheckLayers(ImageManifest manifest)
    {
        if (!MediaTypes.IsImageConfig(manifest.Config.MediaType))
        {
            throw _connection.Socket.Error(
                EngineErrorKind.Unsupported,
                $"Docker takes images alone, and this manifest has a configuration of type '{EngineText.Of(manifest.Config.MediaType)}'.");
        }

        string? zstd = manifest.Layers.Select(layer => layer.MediaType).FirstOrDefault(
            type => type is MediaTypes.LayerZstd or MediaTypes.NonDistributableLayerZstd or MediaTypes.DockerLayerZstd);
        if (zstd is not null && Api < FirstWithZstd)
        {
            throw _connection.Socket.Error(
                EngineErrorKind.Unsupported,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Docker {EngineVersion} (API {ApiVersion}) does not unpack layers of zstd; convert them to gzip first."));
        }
    }
}
