"""What the model path costs beside the models: time, prompt tokens, and how many questions need a model at all."""
