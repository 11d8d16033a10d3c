namespace OciImage.Content;

/// <summary>Tells how far the transfer of one piece of content has come.</summary>
/// <param name="Descriptor">The content.</param>
/// <param name="BytesTransferred">The bytes so far; equal to the size at the end.</param>
/// <param name="State">What is happening.</param>
public readonly record struct ContentProgress(Descriptor Descriptor, long BytesTransferred, ContentProgressState State);
