namespace OciImage.Content;

/// <summary>A source of several places, one of which may give other content than the rest.</summary>
internal interface IAlternateSource
{
    /// <summary>Tells whether content that turned out wrong may be right when it is opened again, since another place would be asked.</summary>
    bool MayDiffer(Descriptor descriptor);
}
