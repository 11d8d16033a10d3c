using OciImage.Layers;

namespace OciImage.Bundles;

/// <summary>Provides options for making a runtime bundle of an image, and says what replaces what the image says.</summary>
public sealed class RuntimeBundleOptions
{
    /// <summary>Gets or sets what a container gets beyond what its image says.</summary>
    /// <value>The default value is <see cref="BundlePreset.Default"/>.</value>
    public BundlePreset Preset { get; set; }

    /// <summary>Gets or sets whether the process has a terminal, for which a runtime wants one itself or a console socket.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool Terminal { get; set; }

    /// <summary>Gets or sets whether the root filesystem is mounted read-only.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool ReadOnlyRoot { get; set; }

    /// <summary>Gets or sets whether set-user-id programs and file capabilities work in the container.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AllowNewPrivileges { get; set; }

    /// <summary>Gets or sets the host name in the container.</summary>
    /// <value>The default value is <c>container</c>.</value>
    /// <exception cref="ArgumentException">The name is empty, longer than 64 bytes, or not of letters, digits, '-', '_' and '.'.</exception>
    public string Hostname
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (value.Length > 64 || value.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            {
                throw new ArgumentException(
                    $"A host name has at most 64 letters, digits, '-', '_' and '.', unlike '{Excerpt.Of(value)}'.", nameof(value));
            }

            field = value;
        }
    } = "container";

    /// <summary>Gets or sets the user, and the group if wanted, by name or number, instead of the image's.</summary>
    /// <value>The default value is <see langword="null"/>: the image's.</value>
    public string? User { get; set; }

    /// <summary>Gets or sets the command instead of the image's entry point; the image's default arguments do not follow it.</summary>
    /// <value>The default value is <see langword="null"/>: the image's. An empty list takes the image's entry point away.</value>
    public IReadOnlyList<string>? Entrypoint { get; set; }

    /// <summary>Gets or sets the arguments after the entry point instead of the image's; the command where there is no entry point.</summary>
    /// <value>The default value is <see langword="null"/>: the image's.</value>
    public IReadOnlyList<string>? Arguments { get; set; }

    /// <summary>Gets or sets variables, each <c>NAME=VALUE</c>, that are added or replace the image's of that name.</summary>
    /// <value>The default value is an empty list.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public IReadOnlyList<string> Environment
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>Gets or sets the working directory instead of the image's.</summary>
    /// <value>The default value is <see langword="null"/>: the image's, or <c>/</c>.</value>
    public string? WorkingDirectory { get; set; }

    /// <summary>Gets or sets what is mounted where the image has volumes.</summary>
    /// <value>The default value is <see cref="VolumeMounts.Temporary"/>.</value>
    public VolumeMounts Volumes { get; set; }

    /// <summary>Gets or sets whether the image's labels become annotations, which some runtimes act on.</summary>
    /// <value>The default value is <see langword="true"/>, as image-spec wants it.</value>
    public bool LabelsAsAnnotations { get; set; } = true;

    /// <summary>Gets or sets the users of the container as users of the host, for <see cref="BundlePreset.Rootless"/>.</summary>
    /// <value>The default value is an empty list: root is who runs this process.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public IReadOnlyList<RuntimeIdMapping> UidMappings
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>Gets or sets the groups of the container as groups of the host, for <see cref="BundlePreset.Rootless"/>.</summary>
    /// <value>The default value is an empty list: the group 0 is that of this process.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public IReadOnlyList<RuntimeIdMapping> GidMappings
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = [];

    /// <summary>Gets or sets what is changed in the configuration before a bundle is written.</summary>
    /// <remarks>Called once, when the layers are unpacked. What it throws ends the writing, and nothing is left.</remarks>
    /// <value>The default value is <see langword="null"/>.</value>
    public Func<RuntimeSpecification, RuntimeSpecification>? Change { get; set; }

    /// <summary>Gets or sets how the layers are unpacked, and whether a directory that is not empty is replaced.</summary>
    /// <value>The default value is that of <see cref="UnpackOptions"/>.</value>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    public UnpackOptions Unpack
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = new();

    internal RuntimeBundleOptions Clone() => (RuntimeBundleOptions)MemberwiseClone();
}
