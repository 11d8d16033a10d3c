using Google.Protobuf.WellKnownTypes;
using OciImage.Engines.Protocol;

namespace OciImage.Engines;

/// <summary>Asks a containerd for the names of images and changes them.</summary>
internal sealed class ContainerdImages(ContainerdConnection connection, ImageNames names)
{
    private const int MaxRaces = 5;

    /// <summary>Returns the image that a reference means, or <see langword="null"/>.</summary>
    public async Task<Image?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        foreach (string name in names.Candidates(reference))
        {
            try
            {
                GetImageResponse answer = await connection.AskAsync(
                    $"look for the image '{EngineText.Of(name)}'",
                    options => connection.Images.GetAsync(new GetImageRequest { Name = name }, options),
                    null,
                    cancellationToken).ConfigureAwait(false);
                return answer.Image?.Target is null ? throw NoTarget(name) : answer.Image;
            }
            catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound)
            {
            }
        }

        return null;
    }

    public async Task<IReadOnlyList<Image>> ListAsync(CancellationToken cancellationToken)
    {
        ListImagesResponse answer = await connection.AskAsync(
            "list the images",
            options => connection.Images.ListAsync(new ListImagesRequest(), options),
            null,
            cancellationToken).ConfigureAwait(false);
        return answer.Images;
    }

    /// <summary>Lets a name point to content; one that is there moves and keeps its labels.</summary>
    public async Task PutAsync(string name, Descriptor target, CancellationToken cancellationToken)
    {
        var image = new Image { Name = name, Target = ToTarget(target) };
        for (int race = 0; ; race++)
        {
            try
            {
                await connection.AskAsync(
                    $"make the image '{name}'",
                    options => connection.Images.CreateAsync(new CreateImageRequest { Image = image }, options),
                    null,
                    cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (EngineException exception) when (exception.Kind == EngineErrorKind.AlreadyExists && race < MaxRaces)
            {
            }

            try
            {
                await UpdateAsync(image, ["target"], cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (EngineException exception) when (exception.Kind == EngineErrorKind.NotFound && race < MaxRaces)
            {
                // It went in between, and is made after all.
            }
        }
    }

    /// <summary>Changes an image's labels; <see langword="null"/> removes one.</summary>
    public Task LabelAsync(string name, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        var image = new Image { Name = name };
        var paths = new List<string>();
        foreach ((string key, string? value) in changes)
        {
            ContentLabels.Check(key, value);
            paths.Add("labels." + key);
            image.Labels[key] = value ?? "";
        }

        return paths.Count == 0 ? Task.CompletedTask : UpdateAsync(image, paths, cancellationToken);
    }

    /// <summary>Removes a name; what it pointed to goes with containerd's next collection, unless something else needs it.</summary>
    public Task DeleteAsync(string name, CancellationToken cancellationToken) => connection.AskAsync(
        $"remove the image '{EngineText.Of(name)}'",
        options => connection.Images.DeleteAsync(new DeleteImageRequest { Name = name }, options),
        null,
        cancellationToken);

    /// <summary>Returns what an image points to.</summary>
    /// <exception cref="EngineException">It is no descriptor.</exception>
    public Descriptor ToDescriptor(Image image)
    {
        ImageTarget target = image.Target ?? throw NoTarget(image.Name);
        return Digest.TryParse(target.Digest, out Digest digest) && target.Size >= 0 && target.MediaType.Length > 0
            ? new Descriptor { MediaType = target.MediaType, Digest = digest, Size = target.Size }
            : throw connection.Socket.Error(
                EngineErrorKind.InvalidAnswer,
                $"The image '{EngineText.Of(image.Name)}' points to '{EngineText.Of(target.Digest)}', which is no content.");
    }

    private static ImageTarget ToTarget(Descriptor descriptor) => new()
    {
        MediaType = descriptor.MediaType,
        Digest = descriptor.Digest.ToString(),
        Size = descriptor.Size,
    };

    private Task<UpdateImageResponse> UpdateAsync(Image image, IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var request = new UpdateImageRequest { Image = image, UpdateMask = new FieldMask() };
        request.UpdateMask.Paths.AddRange(paths);
        return connection.AskAsync(
            $"change the image '{EngineText.Of(image.Name)}'",
            options => connection.Images.UpdateAsync(request, options),
            null,
            cancellationToken);
    }

    private EngineException NoTarget(string name) => connection.Socket.Error(
        EngineErrorKind.InvalidAnswer, $"containerd says of the image '{EngineText.Of(name)}' nothing that it points to.");
}
