namespace OciImage.Layers;

/// <summary>Provides options for writing what differs between two trees.</summary>
public sealed class LayerDiffOptions : LayerOutputOptions
{
    /// <summary>Gets or sets when the content of files is compared that look the same.</summary>
    /// <value>The default value is <see cref="ContentComparison.Automatic"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the enumeration.</exception>
    public ContentComparison CompareContent
    {
        get;
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "This is no way to compare content.");
            }

            field = value;
        }
    }

    internal LayerDiffOptions Clone() => (LayerDiffOptions)MemberwiseClone();
}
