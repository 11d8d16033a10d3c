using System.Diagnostics.CodeAnalysis;

namespace OciImage.Engines;

/// <summary>Turns references into the names that containerd keeps, and back.</summary>
/// <param name="repository">The repository whose tags the references are, or <see langword="null"/> for whole names.</param>
internal sealed class ImageNames(string? repository)
{
    // containerd takes any text as a name; this bounds what is sent.
    private const int MaxLength = 1024;

    /// <exception cref="ArgumentException">The text is not a registry and a repository.</exception>
    public static void CheckRepository(string repository)
    {
        if (!ImageReference.TryParse(repository + ":latest", out ImageReference? name) ||
            $"{name.Registry}/{name.Repository}" != repository)
        {
            throw new ArgumentException(
                $"'{EngineText.Of(repository)}' is not a registry and a repository, such as 'docker.io/library/alpine'.",
                nameof(repository));
        }
    }

    /// <summary>Returns the names that a reference may mean, the likeliest first: as written, then with Docker's defaults.</summary>
    public IEnumerable<string> Candidates(string reference)
    {
        if (repository is not null)
        {
            if (TryQualify(reference, out string? tagged))
            {
                yield return tagged;
            }

            yield break;
        }

        if (reference.Length <= MaxLength && !reference.Contains('\0', StringComparison.Ordinal))
        {
            yield return reference;
        }

        if (TryQualify(reference, out string? name) && name != reference)
        {
            yield return name;
        }
    }

    /// <summary>Returns the name under which an image is kept.</summary>
    /// <exception cref="ArgumentException">The reference is not one that an image can have.</exception>
    public string ToName(string reference) => TryQualify(reference, out string? name)
        ? name
        : throw new ArgumentException(
            repository is null
                ? $"'{EngineText.Of(reference)}' is not the name of an image."
                : $"'{EngineText.Of(reference)}' is not a tag.",
            nameof(reference));

    /// <summary>Returns the reference of a name, or <see langword="null"/> where the name is another repository's.</summary>
    public string? ToReference(string name)
    {
        if (repository is null)
        {
            return name;
        }

        return name.Length > repository.Length + 1 && name[repository.Length] == ':' &&
            name.StartsWith(repository, StringComparison.Ordinal) && TryQualify(name[(repository.Length + 1)..], out _)
                ? name[(repository.Length + 1)..]
                : null;
    }

    private bool TryQualify(string reference, [NotNullWhen(true)] out string? name)
    {
        name = null;

        // A digest names content, never an image.
        if (Digest.TryParse(reference, out Digest digest) && digest.CanVerify)
        {
            return false;
        }

        if (!ImageReference.TryParse(repository is null ? reference : $"{repository}:{reference}", out ImageReference? parsed) ||
            (repository is not null && (parsed.Tag != reference || parsed.Digest is not null)))
        {
            return false;
        }

        name = parsed.ToString();
        return true;
    }
}
