variable "deployment" {
  description = "The project and its region."
  type = object({
    project = string
    region  = string
  })
}

variable "function" {
  description = "The function that the messages go to."
  type = object({
    id      = string
    name    = string
    uri     = string
    timeout = number
  })

  validation {
    condition     = var.function.timeout <= 570
    error_message = "The function's timeout must be at most 570 seconds: the ack deadline is 30 more, and Pub/Sub allows 600."
  }
}

variable "resource" {
  description = "commercetools' name of the resource type, such as customer."
  type        = string
}

variable "messages" {
  description = "The types of Messages to subscribe to."
  type        = set(string)
  default     = []
}

variable "changes" {
  description = "Whether to subscribe to the notifications of created, updated and deleted resources, too."
  type        = bool
  default     = false
}

variable "settings" {
  description = "What all triggers share: whether Terraform keeps the commercetools subscription, Pub/Sub's own account in the project as an IAM member, how long messages are kept, who is told when an alert goes off, and how many minutes a message may wait before one does."
  type = object({
    subscribe              = bool
    pubsub_agent           = string
    retention              = string
    notification_channels  = list(string)
    oldest_message_minutes = number
  })
}
